import { Global, Module } from '@nestjs/common';
import { AdminKeys } from './admin-keys.js';

/** What {@link AdminGuard} needs in front of any controller. */
@Global()
@Module({ providers: [AdminKeys], exports: [AdminKeys] })
export class AdminModule {}
