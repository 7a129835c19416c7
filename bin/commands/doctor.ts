import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { MillraceError } from '../../app/errors.ts';
import { environments, loadUseCases, readDials } from '../../constructs/environments.ts';
import { preflight } from '../../constructs/preflight.ts';
import { PULUMI_VERSION, pulumiFolder } from '../../stacks/engine.ts';
import type { CommandContext } from '../command.ts';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  /** The exact command that puts it right, where it is not. */
  readonly get?: string;
}

const INSTALL = `curl -fsSL https://get.pulumi.com | sh -s -- --version ${PULUMI_VERSION}`;
const BUILD = 'scripts/tools pulumi pulumi-resource-kubernetes   # builds both from pinned Go modules; needs Go';
const GPU_PARTS = "see 'GPU nodes' in docs/dials.md; kubectl get daemonsets -A, or millrace:gpu.maxNodes: 0";
const LEAST_NODE = [22, 18] as const;

/** `millrace doctor [environment]`: what this machine lacks to stand an environment up, and the command that gets it. */
export function doctorCommands(program: Command, context: CommandContext): void {
  program
    .command('doctor [environment]')
    .description('Say what this machine lacks to preview an environment, and how to get it')
    .action(async (environment?: string) => {
      const found = [node(), engine(), provider(), ...(await clusters(environment))];
      if (found.some(({ ok }) => !ok)) process.exitCode = 1;
      const lines = found.flatMap(({ what, ok, found: is, get }) => [
        `${ok ? 'ok     ' : 'missing'} ${what}: ${is}`,
        ...(ok || get === undefined ? [] : [`        ${get}`]),
      ]);
      context.answer(found, lines.join('\n'));
    });
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return { what: 'Node', ok, found: process.versions.node, get: 'npm ci   # brings Node 24 into node_modules/.bin' };
}

function engine(): Finding {
  const folder = pulumiFolder();
  if (folder === undefined)
    return { what: 'Pulumi CLI', ok: false, found: 'not on PATH, not built', get: `${INSTALL}\n        or ${BUILD}` };
  const version = execFileSync(join(folder, 'pulumi'), ['version'], { encoding: 'utf8' }).trim();
  return { what: 'Pulumi CLI', ok: true, found: `${version} in ${folder}` };
}

function provider(): Finding {
  const folder = pulumiFolder();
  const what = 'Kubernetes provider';
  if (folder === undefined) return { what, ok: false, found: 'comes with the first preview once the CLI is there', get: BUILD };
  const built = existsSync(join(dirname(folder), 'plugins'));
  const onPath = (process.env['PATH'] ?? '').split(delimiter).some((one) => existsSync(join(one, 'pulumi-resource-kubernetes')));
  if (built || onPath) return { what, ok: true, found: built ? 'built beside the CLI' : 'on PATH' };
  const listed = execFileSync(join(folder, 'pulumi'), ['plugin', 'ls'], { encoding: 'utf8' });
  return /kubernetes/.test(listed)
    ? { what, ok: true, found: 'installed' }
    : { what, ok: false, found: 'not installed', get: 'pulumi plugin install resource kubernetes v4.25.0' };
}

async function clusters(named: string | undefined): Promise<readonly Finding[]> {
  const names = named === undefined ? await environments() : [named];
  const usecases = await loadUseCases();
  return (await Promise.all(names.map(async (name) => cluster(name, await dialsOr(name), usecases)))).flat();
}

const dialsOr = (name: string) =>
  readDials(name).catch((error: unknown) => (error instanceof MillraceError ? error : Promise.reject(error)));

async function cluster(
  name: string,
  dials: Awaited<ReturnType<typeof dialsOr>>,
  usecases: Awaited<ReturnType<typeof loadUseCases>>,
): Promise<readonly Finding[]> {
  const what = `environment ${name}`;
  if (dials instanceof MillraceError)
    return [{ what, ok: false, found: `${dials.code}: ${dials.message}`, get: dials.kind.next }];
  try {
    const result = await preflight(dials, { usecases });
    if (!result.checked) return [{ what, ok: true, found: result.reason }];
    const found = `${result.context} at ${result.server}, Kubernetes ${result.version}`;
    return [
      { what, ok: true, found },
      ...result.idle.map((namespace) => idle(name, namespace)),
      ...result.gpus.map((lack) => ({ what: `GPU nodes of ${name}`, ok: false, found: lack, get: GPU_PARTS })),
    ];
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return [{ what, ok: false, found: `${error.code}: ${error.message}`, get: error.kind.next }];
  }
}

/** Objects of a kind that nobody looks after are taken in and come to nothing. */
const idle = (environment: string, namespace: string): Finding => ({
  what: `operator of ${environment} in ${namespace}`,
  ok: false,
  found: 'its kinds are served, and none of its Deployments is available',
  get: `kubectl get deployments,pods -n ${namespace}   # or millrace:operators.from: helm, which installs it`,
});
