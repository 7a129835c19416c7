import type { Explained, Explanation } from './explanation.ts';

const MAX_LINES = 12;

/** An explanation as a person reads it in a terminal. */
export function explanationText(explanation: Explanation): string {
  const { requestId, at, model, version, unitId } = explanation;
  const head = [`Request   ${requestId}`, `Answered  ${at}`, `Release   ${model} version ${version}, unit ${unitId}`];
  if (explanation.status === 'erased') {
    const when = explanation.erasedOn === undefined ? 'at a time the audit log does not say' : `on ${explanation.erasedOn}`;
    return [
      ...head,
      '',
      `The subject was erased ${when}. Features and vector are gone, so the answer cannot be made again.`,
    ].join('\n');
  }
  return [
    ...head,
    `Subject   ${explanation.subject ?? 'none (unknown user, or profiling off)'}`,
    ...release(explanation),
    '',
    ...answer(explanation),
    '',
    ...events(explanation),
    ...features(explanation),
    verdict(explanation),
  ].join('\n');
}

function release({ release: made }: Explained): readonly string[] {
  if (made === null) return [];
  const tables = Object.entries(made.dataset.tables).map(([table, at]) => `${table}@${at}`);
  return [
    `Model     sha256 ${made.files['model.onnx'].sha256}`,
    `Data      ${tables.join(', ')}, ${made.dataset.rows} rows, query ${made.dataset.queryHash.slice(0, 12)}`,
    `Code      ${made.codeCommit}`,
  ];
}

function answer({ kind, answer: given }: Explained): readonly string[] {
  const how =
    given.fallback === null
      ? given.coldStart
        ? 'by the model, from recent items alone'
        : 'by the model'
      : `by the fallback '${given.fallback}' (${given.reason})`;
  if (kind === 'classifier') {
    const probability = given.confidence === null ? '' : `, probability ${given.confidence.toFixed(6)}`;
    return [`Decision  ${given.items.join()}${probability} ${how}, ${given.latencyMs.toFixed(1)} ms`];
  }
  const items = given.items.slice(0, MAX_LINES).map((item, index) => {
    const score = given.scores[index];
    return `  ${String(index + 1).padStart(3)}  ${item}${score === undefined ? '' : `  ${score.toFixed(6)}`}`;
  });
  return [
    `Answer    ${given.items.length} items ${how}, ${given.latencyMs.toFixed(1)} ms`,
    ...items,
    ...more(given.items.length, 'items'),
  ];
}

function events({ events: behind, position }: Explained): readonly string[] {
  if (position === null) return ['Events    none had been seen', ''];
  const newest = behind.slice(-MAX_LINES).map(({ offset, time, values }) => {
    const shown = Object.values(values).filter((value) => value !== null);
    return `  ${position.topic}/${position.partition}@${offset}  ${time}  ${shown.join('  ')}`;
  });
  const where = `${position.topic} partition ${position.partition}, offsets below ${position.beforeOffset}`;
  return [`Events    ${behind.length} of ${where}; newest last`, ...newest, ...more(behind.length, 'earlier events'), ''];
}

function features({ features: behind, embeddings }: Explained): readonly string[] {
  if (behind.length === 0) return [];
  const width = Math.max(...behind.map(({ name }) => name.length));
  const lines = behind.map(({ name, served, recomputed, equal }) => {
    const value = equal ? short(served) : `${short(served)}, but from the lake ${short(recomputed)}`;
    return `  ${equal ? '=' : '!'} ${name.padEnd(width)}  ${value}`;
  });
  const vectors = embeddings.map(
    ({ name, found, dimensions, learntAt }) =>
      `  = ${name.padEnd(width)}  ${found ? `vector of ${dimensions}, learnt ${learntAt}` : 'none: cold start'}`,
  );
  return ['Features  as of the answer, computed again from the lake', ...lines, ...vectors, ''];
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
};

const more = (count: number, what: string): readonly string[] =>
  count > MAX_LINES ? [`  … and ${count - MAX_LINES} ${what} more; --json has all`] : [];

function verdict({ kind, recomputed, verified, answer: given }: Explained): string {
  const { sameItems, largestDifference } = recomputed;
  const off = largestDifference.toExponential(1);
  if (kind === 'classifier') {
    if (verified) return `Verified: the same decision again, probability within ${off}.`;
    return `NOT verified: ${sameItems ? 'the same' : 'ANOTHER'} decision, the probability differs by ${off}; a feature marked ! differs.`;
  }
  if (verified) return `Verified: the same ${given.items.length} items again, scores within ${off}.`;
  return `NOT verified: ${sameItems ? 'the same' : 'OTHER'} items, largest difference of a score ${off}; a feature marked ! differs.`;
}
