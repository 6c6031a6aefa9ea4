import { tracer, TracingModule } from '@app/observability';
import { NestFactory } from '@nestjs/core';
import { trace } from '@opentelemetry/api';
import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { traceRequests } from '../src/http/trace-requests.js';

/** Trace ids that a sampler by trace id always takes, and never. */
const TAKEN = '00000000000000000000000000000001';
const LEFT = 'f'.repeat(32);
const REQUESTS = 200;

/** How many of the requests with this `traceparent` are recorded where half of all traces are. */
async function recordedOf(traceparent?: string): Promise<number> {
  const config = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER_ARG: 0.5 };
  const tracing = await NestFactory.createApplicationContext(TracingModule.with('test', config), {
    logger: false,
  });
  const fastify = Fastify();
  onTestFinished(async () => {
    await fastify.close();
    await tracing.close();
    trace.disable();
  });
  traceRequests(fastify, 0.5);
  let recorded = 0;
  fastify.get('/', async () => {
    if (trace.getActiveSpan()?.isRecording()) recorded++;
    return tracer.startActiveSpan('inner', (span) => span.end());
  });
  for (let i = 0; i < REQUESTS; i++)
    await fastify.inject({ url: '/', headers: { ...(traceparent && { traceparent }) } });
  return recorded;
}

it.each([
  ['asks for nothing', undefined],
  ['wants to be recorded', `00-${TAKEN}-00000000000000a1-01`],
  ['wants to be recorded whatever the flag says', `00-${TAKEN}-00000000000000a1-00`],
  ['wants not to be', `00-${LEFT}-00000000000000a1-00`],
])('a client that %s is recorded as often as any other', async (_, traceparent) => {
  const recorded = await recordedOf(traceparent);
  // Half of them, give or take seven standard deviations.
  expect(recorded).toBeGreaterThan(50);
  expect(recorded).toBeLessThan(150);
});
