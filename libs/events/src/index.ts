export { Feed, NotInFeedError, type Page } from './feed.js';
export { EVENT_TYPES, viewOf, type EventType, type EventView, type OrderEvent } from './order-event.js';
export { Deliveries, type Turn } from './webhooks/deliveries.js';
export { refusalOf } from './webhooks/endpoint-url.js';
export { Webhooks, type DeadOrder, type Webhook } from './webhooks/webhooks.js';
