import { Global, Module } from '@nestjs/common';
import { AdminKeys } from './admin-keys.js';
import { AdminTrail } from './admin-trail.js';

/** What {@link AdminGuard} needs in front of any controller, and the trail of what it let through. */
@Global()
@Module({ providers: [AdminKeys, AdminTrail], exports: [AdminKeys, AdminTrail] })
export class AdminModule {}
