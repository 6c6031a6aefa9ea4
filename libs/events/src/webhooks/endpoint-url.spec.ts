import { expect, it } from 'vitest';
import { refusalOf } from './endpoint-url.js';

it.each([
  'https://fulfilment.example/events?of=shop',
  'http://localhost:8080/',
  'http://127.0.0.1',
  'http://[::1]:9/',
])('allows %s', (url) => expect(refusalOf(url)).toBeUndefined());

it.each([
  'http://fulfilment.example/',
  'http://169.254.169.254/latest/meta-data',
  'http://10.0.0.1/',
  'http://localhost.example/',
  'http://127.0.0.1.example/',
  'https://user:secret@fulfilment.example/',
  'ftp://localhost/',
  'file:///etc/passwd',
  'fulfilment.example',
  '',
])('refuses %s', (url) => expect(refusalOf(url)).toMatch(/^Must/));
