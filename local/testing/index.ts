export { OwnDatabase } from './own-database.js';
export { planOf } from './plan-of.js';
export { RelayedChannel } from './relayed-channel.js';
export { orderOf, Shop } from './shop.js';
export { Spawned } from './spawned.js';
export { TcpProxy } from './tcp-proxy.js';
export { toldOf, typesUntil } from './told-events.js';
export { WebhookReceiver, type Behaviour } from './webhook-receiver.js';
