import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { type ConfigMap, LocalWorkspace, PulumiCommand, type PulumiFn, type Stack } from '@pulumi/pulumi/automation/index.js';

const require = createRequire(import.meta.url);

export interface EngineOptions {
  /** The folder that `scripts/tools --path` prints: the Pulumi CLI, and beside the folder the Kubernetes provider. */
  readonly bin: string;
  /** A folder for the engine's home, its state and its shims; made when absent, kept between engines to keep stacks. */
  readonly dir: string;
  /** Of the cluster to reach. @default a file that is not there, so that no cluster of yours is ever touched */
  readonly kubeconfig?: string;
  /** Added to the environment of the engine, its providers and policy packs. */
  readonly env?: Readonly<Record<string, string>>;
}

interface StackOptions {
  readonly stack: string;
  /** Keys `name`, or `other-project:name`; a value is plain text, or `{ value, secret }`. */
  readonly config?: Readonly<Record<string, string | { readonly value: string; readonly secret: boolean }>>;
}
export interface InlineStack extends StackOptions {
  readonly project: string;
  /** Runs in this process. Its environment is the process's own, not the engine's `env`. */
  readonly program: PulumiFn;
}
export interface FolderStack extends StackOptions {
  /** Holds Pulumi.yaml. The engine writes the salt of its secrets into Pulumi.<stack>.yaml there: give it a copy. */
  readonly workDir: string;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real Pulumi engine, with a backend of files and no account; it fetches nothing and asks nobody for updates. */
export interface Engine {
  /** What the engine's processes see besides the environment of this one. */
  readonly env: Readonly<Record<string, string>>;
  /** Selects a stack, made when absent, and sets its configuration. */
  open(wanted: InlineStack | FolderStack): Promise<Stack>;
  /** The CLI itself, in the folder of a program. */
  cli(workDir: string, args: readonly string[]): Promise<Outcome>;
}

/** The version that npm's `@pulumi/kubernetes` asks the engine for. */
function providerVersion(): string {
  const { version } = (require('@pulumi/kubernetes/package.json') as { pulumi: { version: string } }).pulumi;
  return version;
}

/** Makes the provider findable in the engine's home, as `pulumi plugin install` would, without copying its 170 MB. */
function installProvider(bin: string, home: string): void {
  const program = join('plugins', `resource-kubernetes-v${providerVersion()}`, 'pulumi-resource-kubernetes');
  const built = join(dirname(bin), program);
  if (!existsSync(built))
    throw new Error(`${built} is absent: run scripts/tools (it must pin the version of @pulumi/kubernetes)`);
  mkdirSync(dirname(join(home, program)), { recursive: true });
  if (!existsSync(join(home, program))) symlinkSync(built, join(home, program));
}

/** Where no language host is installed the engine starts a policy pack by this program; the runner is Pulumi's own. */
function installShim(shims: string): void {
  const runner = require.resolve('@pulumi/pulumi/cmd/run-policy-pack');
  const lines = ['#!/bin/sh', `exec '${process.execPath}' '${runner}' "$@"`, ''];
  writeFileSync(join(shims, 'pulumi-analyzer-policy-nodejs'), lines.join('\n'), { mode: 0o755 });
}

export async function openEngine({ bin, dir, kubeconfig, env: more = {} }: EngineOptions): Promise<Engine> {
  const [home, state, shims] = [join(dir, 'home'), join(dir, 'state'), join(dir, 'shims')] as const;
  for (const folder of [home, state, shims]) mkdirSync(folder, { recursive: true });
  // A file where the engine keeps its own logs: it then keeps none, which halves its time with large objects.
  writeFileSync(join(home, 'logs'), '');
  installProvider(bin, home);
  installShim(shims);
  const command = await PulumiCommand.get({ root: dirname(bin) });
  const env = {
    PATH: [bin, shims, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: 'of-a-test',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    KUBECONFIG: kubeconfig ?? join(dir, 'no-kubeconfig'),
    NO_COLOR: '1',
    ...more,
  };

  return {
    env,
    async open(wanted) {
      const workspace = { envVars: env, pulumiHome: home, pulumiCommand: command };
      const stack =
        'program' in wanted
          ? await LocalWorkspace.createOrSelectStack(
              { stackName: wanted.stack, projectName: wanted.project, program: wanted.program },
              workspace,
            )
          : await LocalWorkspace.createOrSelectStack({ stackName: wanted.stack, workDir: wanted.workDir }, workspace);
      const config: ConfigMap = {};
      for (const [key, value] of Object.entries(wanted.config ?? {})) config[key] = typeof value === 'string' ? { value } : value;
      if (Object.keys(config).length > 0) await stack.setAllConfig(config);
      return stack;
    },
    cli: (workDir, args) =>
      new Promise((resolve, reject) => {
        const options = { cwd: workDir, env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
        execFile(join(bin, 'pulumi'), [...args, '--non-interactive'], options, (error, stdout, stderr) => {
          if (error !== null && typeof error.code !== 'number') reject(error);
          else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
        });
      }),
  };
}
