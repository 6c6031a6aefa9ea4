// Tells what failed in Vitest's JSON reports, and ends with the count. Exit code 1 if anything failed or nothing ran.
import { readFileSync } from 'node:fs';

let passed = 0;
const failures = [];
for (const file of process.argv.slice(2)) {
  const { numPassedTests, testResults } = read(file);
  passed += numPassedTests;
  if (numPassedTests === 0) failures.push(`${file}: no test passed`);
  for (const { name, status, message, assertionResults } of testResults) {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    for (const { fullName, failureMessages } of failed)
      failures.push(`${name}: ${fullName}\n${failureMessages[0]}`);
    // A hook that fails takes its tests with it: they count as skipped, and the file as failed.
    if (status === 'failed' && failed.length === 0) failures.push(`${name}: ${message}`);
  }
}
for (const failure of failures) console.log(`FAILED ${failure}\n`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numPassedTests: 0, testResults: [] };
  }
}
