import { Global, Module } from '@nestjs/common';
import { AdminKey } from './admin-key.js';

/** What {@link AdminGuard} needs in front of any controller. */
@Global()
@Module({ providers: [AdminKey], exports: [AdminKey] })
export class AdminModule {}
