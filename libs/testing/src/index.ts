export { orderOf, Shop } from './shop.js';
export { TcpProxy } from './tcp-proxy.js';
