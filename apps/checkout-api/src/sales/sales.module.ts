import { Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { SalesController } from './sales.controller.js';
import { SalesService } from './sales.service.js';

@Module({ controllers: [SalesController], providers: [SalesService, AuditService] })
export class SalesModule {}
