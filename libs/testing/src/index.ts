export { orderOf, Shop } from './shop.js';
