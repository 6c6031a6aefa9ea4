import { Controller, Get, Inject, Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { setTimeout as sleep } from 'node:timers/promises';

/** Names of what the process needs, each with a check that rejects while it is down. */
export type Probes = Readonly<Record<string, () => Promise<unknown>>>;

const PROBES = Symbol('probes');
/** A server that has not answered within this many milliseconds is down. */
const PATIENCE_MS = 2_000;

@Controller('health')
class HealthController {
  constructor(
    @Inject(PROBES) private readonly probes: Probes,
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /** Answers as long as the process does: a failing liveness check means restart it. */
  @Get('live')
  live() {
    return { status: 'ok' };
  }

  /** 503 while something it needs is down; names it. */
  @Get('ready')
  ready() {
    return this.health.check(
      Object.entries(this.probes).map(([name, probe]) => async () => {
        const indicator = this.indicators.check(name);
        const answered = probe().then(() => true);
        const up = await Promise.race([answered, sleep(PATIENCE_MS, false, { ref: false })]).catch(
          () => false,
        );
        return up ? indicator.up() : indicator.down();
      }),
    );
  }
}

/** `GET /health/live` and `GET /health/ready`. */
@Module({})
export class HealthModule {
  static forRootAsync(probes: Pick<FactoryProvider<Probes>, 'inject' | 'useFactory'>): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [{ provide: PROBES, ...probes }],
    };
  }
}
