/** Of ioredis, which computes slots with it, too. */
declare module 'cluster-key-slot' {
  export default function slotOf(key: string): number;
}
