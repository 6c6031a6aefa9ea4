import { Controller, Get, Header, Module } from '@nestjs/common';
import { collectDefaultMetrics, register } from 'prom-client';

@Controller('metrics')
class MetricsController {
  @Get()
  @Header('Content-Type', register.contentType)
  metrics(): Promise<string> {
    return register.metrics();
  }
}

/** `GET /metrics` in the Prometheus text format: figures of the process, and all that is in prom-client's registry. */
@Module({ controllers: [MetricsController] })
export class MetricsModule {
  /** Empties the registry before any provider adds to it: a test boots several applications in one process. */
  static forRoot(): typeof MetricsModule {
    register.clear();
    collectDefaultMetrics();
    return MetricsModule;
  }
}
