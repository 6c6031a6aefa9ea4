import { lockConformance } from './conformance.js';
import { BRIEF } from './support/subject.js';

// Those whose servers every test run has; `npm run conformance` is for all, and thorough.
lockConformance('local-mutex', BRIEF);
lockConformance('redis', BRIEF);
lockConformance('postgres-advisory', BRIEF);
