/**
 * What a stack on one machine chooses where a shop has to choose for itself: one address plays all buyers, they are believed whoever
 * they say they are, and their payments take no money.
 */
export const LABORATORY = {
  BUYER_AUTH: 'none',
  PAYMENT_PROVIDER: 'simulated',
  RATE_LIMIT_PER_BUYER: '0',
  RATE_LIMIT_PER_ADDRESS: '0',
  ORDER_RATE_LIMIT_PER_BUYER: '0',
  ORDER_RATE_LIMIT_PER_ADDRESS: '0',
  WAITING_ROOM_RATE_LIMIT_PER_BUYER: '0',
  WAITING_ROOM_RATE_LIMIT_PER_ADDRESS: '0',
  ORDER_READS_PER_SECOND: '0',
  // What is judged by these answers must not be seconds old.
  DATABASE_REPLICA_URL: '',
};
