import { Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { SalesController } from './sales.controller.js';
import { SalesService } from './sales.service.js';
import { StrategyCheck } from './strategy-check.js';

@Module({ controllers: [SalesController], providers: [SalesService, AuditService, StrategyCheck] })
export class SalesModule {}
