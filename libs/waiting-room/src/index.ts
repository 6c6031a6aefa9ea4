export { insideKey, WaitingRooms, type Occupancy, type Room, type Standing } from './waiting-rooms.js';
