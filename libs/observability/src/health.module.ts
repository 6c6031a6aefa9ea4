import {
  Controller,
  Get,
  Inject,
  Module,
  ServiceUnavailableException,
  type DynamicModule,
  type FactoryProvider,
} from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge } from 'prom-client';

/** What the process needs, by name, each with a check. A check rejects while its server is down, with an error that anybody may see. */
export type Probes = Readonly<Record<string, () => Promise<unknown>>>;

export interface HealthOptions extends Pick<FactoryProvider<Probes>, 'inject' | 'useFactory'> {
  /** Aborts when the process is told to end. From then on it answers, but is not ready. */
  readonly ending: AbortSignal;
}

const PROBES = Symbol('probes');
const ENDING = Symbol('ending');
/** A server that does not answer within this many milliseconds is down. */
const PATIENCE_MS = 2_000;

@Controller('health')
class HealthController {
  readonly up: Gauge;

  constructor(
    @Inject(PROBES) private readonly probes: Probes,
    @Inject(ENDING) private readonly ending: AbortSignal,
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {
    this.up = new Gauge({
      name: 'dependency_up',
      help: 'Whether a server that the process needs answers it: 1 or 0.',
      labelNames: ['dependency'],
      async collect() {
        const each = Object.entries(probes).map(async ([dependency, probe]) => {
          this.set({ dependency }, (await troubleOf(probe)) === undefined ? 1 : 0);
        });
        await Promise.all(each);
      },
    });
  }

  /** Answers as long as the process does: a failing liveness check means restart it. */
  @Get('live')
  live() {
    return { status: 'ok' };
  }

  /** 503 while a server that it needs is down, which it names, and once the process is told to end. */
  @Get('ready')
  ready() {
    if (this.ending.aborted) throw new ServiceUnavailableException({ status: 'shutting_down' });
    return this.health.check(
      Object.entries(this.probes).map(([name, probe]) => async () => {
        const indicator = this.indicators.check(name);
        const reason = await troubleOf(probe);
        return reason === undefined ? indicator.up() : indicator.down({ reason });
      }),
    );
  }
}

/** Whoever asks while a check is under way shares it: however many ask, a server is asked by one connection. */
function shared(probe: Probes[string]): Probes[string] {
  let underWay: Promise<unknown> | undefined;
  return () => (underWay ??= probe().finally(() => (underWay = undefined)));
}
const sharedEach = (probes: Probes): Probes =>
  Object.fromEntries(Object.entries(probes).map(([name, probe]) => [name, shared(probe)]));

/** Resolves to why it is down, or to undefined. */
async function troubleOf(probe: Probes[string]): Promise<string | undefined> {
  const answered = probe().then(() => undefined);
  const patience = sleep(PATIENCE_MS, 'does not answer in time', { ref: false });
  return Promise.race([answered, patience]).catch(({ message }: Error) => message);
}

/** `GET /health/live` and `GET /health/ready`. */
@Module({})
export class HealthModule {
  static forRootAsync({ ending, inject, useFactory }: HealthOptions): DynamicModule {
    const probes = async (...needed: unknown[]) => sharedEach(await useFactory(...needed));
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [
        { provide: PROBES, inject, useFactory: probes },
        { provide: ENDING, useValue: ending },
      ],
    };
  }
}
