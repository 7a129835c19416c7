import { all, equals, type Field, matches, type Predicate, said, some } from './expression.ts';

/** The container has a plain setting of that name whose text holds a match. */
export const setting = (container: Field, name: string, pattern: RegExp, expected: string): Predicate =>
  said(
    `${name} ${expected}`,
    some(container.at('env'), (variable) => all(equals(variable.at('name'), name), matches(variable.at('value'), pattern))),
  );
