import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Kind } from '../../app/usecases/model.ts';
import type { ClassifierReport, LoopReport, RecommenderReport } from '../../pipelines/loop/report.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const PARTS = ['app', 'bin', 'pipelines', 'scripts/install.js', 'package.json', 'package-lock.json'];
const MAX_BUFFER = 1 << 28;

/** A checkout of its own, so that what the command writes is found there and nowhere else. */
const checkout = mkdtempSync(join(tmpdir(), 'millrace-generated-'));

function shorten(path: string, from: string, to: string): void {
  const text = readFileSync(join(checkout, path), 'utf8');
  assert.ok(text.includes(from), `${path} has no '${from}'`);
  writeFileSync(join(checkout, path), text.replace(from, to));
}

before(async () => {
  // The copy shares what is installed here, and must not find it out of date: it would install over it.
  await run(process.execPath, ['scripts/install.js'], { cwd: root });
  for (const part of PARTS) cpSync(join(root, part), join(checkout, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  shorten('app/usecases/usual.ts', 'folds: { count: 3,', 'folds: { count: 1,');
});
after(() => rmSync(checkout, { recursive: true, force: true }));

interface Written {
  readonly files: readonly string[];
  readonly next: string;
}

async function write(name: string, kind: Kind): Promise<Written> {
  const args = ['bin/millrace.ts', '--json', 'new', 'usecase', name, '--kind', kind];
  return JSON.parse((await run(process.execPath, args, { cwd: checkout })).stdout) as Written;
}

/** What the printed command reports; on free ports, since another loop may run on this machine. */
async function follow(next: string): Promise<{ readonly report: LoopReport; readonly said: string }> {
  const { stdout, stderr } = await run(`${next} --port 0`, { cwd: checkout, shell: true, maxBuffer: MAX_BUFFER });
  return { report: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as LoopReport, said: stderr };
}

const better: Readonly<Record<Kind, (report: LoopReport) => boolean>> = {
  recommender: (report) => {
    const { champion, popularity } = report as RecommenderReport;
    return champion.ndcgAt20 > popularity.ndcgAt20;
  },
  classifier: (report) => {
    const { champion, baseline } = report as ClassifierReport;
    return champion.auc > baseline.auc;
  },
};

describe('a use case as `millrace new usecase` writes it', { concurrency: 2 }, () => {
  for (const kind of ['recommender', 'classifier'] as const) {
    test(`${kind}: its own test passes, and the printed command turns the loop until its drift heals`, async (t) => {
      const name = `made${kind}`;
      const { files, next } = await write(name, kind);
      shorten(`app/usecases/${name}/usecase.ts`, 'maxTrials: 2', 'maxTrials: 1');
      const own = files.filter((file) => file.endsWith('.test.ts'));
      assert.equal(own.length, 1);
      await run(process.execPath, ['--test', ...own], { cwd: checkout, env: { ...process.env, NODE_TEST_CONTEXT: undefined } });

      const { report, said } = await follow(next);
      t.diagnostic(`${report.seconds} s, ${report.peakRssMb} MB, ${report.retrain.again.length} further retrainings`);
      assert.equal(report.usecase, name);
      assert.ok(better[kind](report), `the first release is no better than its baseline: ${JSON.stringify(report)}`);
      assert.ok(report.features.compared >= 200);
      assert.equal(report.features.mismatches, 0);
      assert.equal(report.failedRequests, 0);
      assert.ok(report.promoted.version >= 2);
      assert.ok(report.drift.feature !== null && report.retrain.reason.includes(report.drift.feature));
      assert.notEqual(report.drift.healedAt, null, said);
      assert.equal(report.audit.verified, true);
    });
  }
});
