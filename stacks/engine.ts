import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { CommandError, LocalWorkspace, PulumiCommand, type Stack } from '@pulumi/pulumi/automation/index.js';
import type { UseCase } from '../app/usecases/usecase.ts';
import type { Dials } from '../constructs/dials.ts';
import { stackError } from '../constructs/errors.ts';
import { readFoundation } from '../constructs/foundation-reference.ts';
import { deploy, deployFoundation } from './program.ts';

export const PULUMI_VERSION = '3.259.0';
const PROJECT = 'millrace';
const FOUNDATION_PROJECT = 'millrace-foundation';
const ROOT = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** Where the CLI is: on PATH, or where `scripts/tools` has built it. Undefined where neither has it. */
export function pulumiFolder(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const onPath = folders.find((folder) => folder !== '' && existsSync(join(folder, 'pulumi')));
  if (onPath !== undefined) return onPath;
  const built = execFileSync(join(ROOT, 'scripts/tools'), ['--path'], { encoding: 'utf8' }).trim();
  return existsSync(join(built, 'pulumi')) ? built : undefined;
}

/** The policy pack that every preview and update is judged by. */
export const POLICY_PACK = join(ROOT, 'policies');

export interface EngineOptions {
  /** Keeps state where no backend is named, and the engine's home where none is. @default '.pulumi' of the project */
  readonly folder?: string;
  /** The stack of the environment's foundation alone. @default false */
  readonly foundation?: boolean;
}

/**
 * The engine with this environment's stack, without an account: state in files unless `PULUMI_BACKEND_URL` says otherwise.
 * The program runs in this process, so that no language host is needed. @throws MR_STACK_NO_ENGINE
 */
export async function openStack(dials: Dials, usecases: readonly UseCase[], options: EngineOptions = {}): Promise<Stack> {
  const bin = pulumiFolder();
  if (bin === undefined)
    throw stackError('MR_STACK_NO_ENGINE', 'The Pulumi CLI is not on this machine', {
      field: 'PATH',
      value: 'no pulumi',
      expected: `pulumi ${PULUMI_VERSION}`,
    });
  const { folder = join(ROOT, '.pulumi'), foundation = false } = options;
  const { environment } = dials;
  const envVars = environmentVariables(bin, folder);
  // The CLI is found by the folder above its `bin`, or on PATH.
  const pulumiCommand = await PulumiCommand.get(bin.endsWith('/bin') ? { root: dirname(bin) } : {});
  const project = foundation ? FOUNDATION_PROJECT : PROJECT;
  const workDir = projectFolder(folder, project, environment);
  return LocalWorkspace.createOrSelectStack(
    {
      stackName: environment,
      projectName: project,
      program: async () => {
        if (foundation) return { ...deployFoundation(dials, usecases) };
        const { capacity, ...outputs } = deploy(dials, usecases, await readFoundation(dials));
        return { ...outputs, capacity: JSON.parse(JSON.stringify(capacity)) as object };
      },
    },
    {
      workDir,
      envVars,
      pulumiCommand,
      ...(process.env['PULUMI_HOME'] === undefined ? {} : { pulumiHome: process.env['PULUMI_HOME'] }),
    },
  );
}

/** What the engine said is on the screen already; its own words and no trace of ours are the error. @throws MR_STACK_ENGINE */
export async function told<T>(what: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    const words = /stderr: ([\s\S]*?)\n\s*(err\?|$)/.exec(cause.message)?.[1]?.trim() ?? cause.message.split('\n')[0] ?? '';
    throw stackError('MR_STACK_ENGINE', `${what} failed: ${words || 'see its output'}`, { cause });
  }
}

function environmentVariables(bin: string, folder: string): Record<string, string> {
  const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE, PATH = '' } = process.env;
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true });
  return {
    PATH: [bin, PATH, policyRunner(folder)].join(delimiter),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    ...(PULUMI_BACKEND_URL === undefined && { PULUMI_BACKEND_URL: `file://${state}` }),
    // No stack of ours keeps a secret in its config; a passphrase of your own is used where you set one.
    ...(PULUMI_CONFIG_PASSPHRASE === undefined &&
      PULUMI_CONFIG_PASSPHRASE_FILE === undefined && { PULUMI_CONFIG_PASSPHRASE: '' }),
    ...(existsSync(join(dirname(bin), 'plugins')) && builtProvider(bin, folder)),
  };
}

/** A provider that `scripts/tools` built lies beside its CLI; the engine looks for it in its home. */
function builtProvider(bin: string, folder: string): Record<string, string> {
  if (process.env['PULUMI_HOME'] !== undefined) return {};
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const plugins = join(home, 'plugins');
  if (!existsSync(plugins)) symlinkSync(join(dirname(bin), 'plugins'), plugins);
  // A file where the engine keeps its own logs: it then keeps none, which halves its time with large objects.
  const logs = join(home, 'logs');
  if (!existsSync(logs)) writeFileSync(logs, '');
  return { PULUMI_HOME: home, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true' };
}

/** Pulumi's installer brings a program that starts policy packs; where it is absent this stands in for it, last on PATH. */
function policyRunner(folder: string): string {
  const shims = join(folder, 'bin');
  mkdirSync(shims, { recursive: true });
  const shim = join(shims, 'pulumi-analyzer-policy-nodejs');
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${require.resolve('@pulumi/pulumi/cmd/run-policy-pack')}' "$@"\n`);
  chmodSync(shim, 0o755);
  return shims;
}

/** The engine writes the salt of its secrets into the stack's file: into a copy, so that the dials stay as they were reviewed. */
function projectFolder(folder: string, project: string, environment: string): string {
  const copied = join(folder, 'projects', project);
  const file = `Pulumi.${environment}.yaml`;
  mkdirSync(copied, { recursive: true });
  // The program runs here, not from a file of the copy.
  writeFileSync(join(copied, 'Pulumi.yaml'), `name: ${project}\nruntime: nodejs\n`);
  const copy = join(copied, file);
  const salt = existsSync(copy) ? /^encryptionsalt:.*$/m.exec(readFileSync(copy, 'utf8'))?.[0] : undefined;
  const dials = readFileSync(join(ROOT, 'stacks', file), 'utf8');
  writeFileSync(copy, salt === undefined ? dials : `${dials.trimEnd()}\n${salt}\n`);
  return copied;
}
