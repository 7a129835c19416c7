import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import ts from 'typescript';
import { writeUseCase } from '../../bin/new-usecase.ts';
import { useCaseFiles } from '../../bin/usecase-template.ts';

const root = resolve(import.meta.dirname, '../..');

async function tree(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-new-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'app/usecases/retail'), { recursive: true });
  await writeFile(join(dir, 'app/usecases/model.ts'), '');
  return dir;
}

/** What the type checker says about files that exist in its host alone. */
function messagesOf(files: ReadonlyMap<string, string>): readonly string[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config.config, include: [], files: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { readFile: read, fileExists, getSourceFile } = host;
  host.readFile = (file) => files.get(file) ?? read(file);
  // Its folders are not there either.
  host.directoryExists = () => true;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.getSourceFile = (file, ...rest) => {
    const text = files.get(file);
    return text === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, text, ts.ScriptTarget.ESNext);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  );
}

test('a generated definition and its test compile, and the definition has at most 60 lines', () => {
  const files = new Map(
    (['recommender', 'classifier'] as const).flatMap((kind) =>
      Object.entries(useCaseFiles(`made${kind}`, kind)).map(([path, text]) => [join(root, path), text] as const),
    ),
  );
  assert.deepEqual(messagesOf(files), []);
  for (const [path, text] of files) {
    assert.ok(text.split('\n').length - 1 <= 60, path);
    assert.ok(
      text.split('\n').every((line) => line.length <= 130),
      path,
    );
  }
});

test('the definition and its test are written, and nothing else', async (t) => {
  const dir = await tree(t);
  const written = await writeUseCase({ root: dir, name: 'churn', kind: 'classifier' });
  assert.deepEqual(written, ['app/usecases/churn/usecase.ts', 'test/usecases/churn.test.ts']);
  assert.match(await readFile(join(dir, 'app/usecases/churn/usecase.ts'), 'utf8'), /export const churn = defineUseCase/);
  assert.deepEqual((await readdir(join(dir, 'app/usecases'))).sort(), ['churn', 'model.ts', 'retail']);
});

for (const name of ['', 'A', 'Churn', 'churn-rate', '../churn', '9lives', 'x', 'class', 'main', 'a'.repeat(25)]) {
  test(`'${name}' is refused as a name, and nothing is written`, async (t) => {
    const dir = await tree(t);
    const error = { code: 'MR_CLI_USECASE_NAME', field: 'name', value: name };
    await assert.rejects(writeUseCase({ root: dir, name, kind: 'classifier' }), error);
    assert.deepEqual((await readdir(join(dir, 'app/usecases'))).sort(), ['model.ts', 'retail']);
  });
}

test('a folder that is there, and a test that is there, are left as they are', async (t) => {
  const dir = await tree(t);
  const again = (name: string) => writeUseCase({ root: dir, name, kind: 'recommender' });
  await assert.rejects(again('retail'), { code: 'MR_CLI_USECASE_EXISTS' });
  await assert.rejects(again('model'), { code: 'MR_CLI_USECASE_EXISTS' });
  await mkdir(join(dir, 'test/usecases'), { recursive: true });
  await writeFile(join(dir, 'test/usecases/churn.test.ts'), 'mine');
  await assert.rejects(again('churn'), { code: 'MR_CLI_USECASE_EXISTS' });
  assert.equal(await readFile(join(dir, 'test/usecases/churn.test.ts'), 'utf8'), 'mine');
  assert.deepEqual((await readdir(join(dir, 'app/usecases'))).sort(), ['model.ts', 'retail']);
});
