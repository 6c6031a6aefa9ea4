import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDirectory } from '../../paths.mjs';
import { exclusively } from '../../processes/exclusively.mjs';
import { runLong } from '../../processes/run-command.js';

interface Artifact {
  group: string;
  name: string;
  version: string;
}

const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/**
 * Resolves to a directory with an artifact's jar and those that it needs, kept under .local/. Maven loads them, so that its own settings
 * say from where.
 */
export const mavenJars = (mvn: string, { group, name, version }: Artifact): Promise<string> =>
  exclusively(name, async () => {
    const directory = join(localDirectory, 'maven', `${name}-${version}`);
    if (existsSync(directory)) return directory;
    // Renamed when complete: an interrupted download is never taken for a whole one.
    const partial = `${directory}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    const pom = join(partial, 'pom.xml');
    writeFileSync(pom, projectThatNeeds({ group, name, version }));
    const options = ['--batch-mode', '--quiet', '--strict-checksums', '--file', pom];
    const where = ['-DincludeScope=runtime', `-DoutputDirectory=${partial}`];
    await runLong(`downloading ${name} ${version} by Maven`, mvn, [...options, plugin, ...where]);
    renameSync(partial, directory);
    return directory;
  });

const projectThatNeeds = ({ group, name, version }: Artifact) => `
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
