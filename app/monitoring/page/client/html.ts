import htm from 'htm';
import { h, type VNode } from 'preact';

type Markup = (strings: TemplateStringsArray, ...values: readonly unknown[]) => VNode;

/** Markup as a tagged template: components without a build step. (htm's types are those of its CommonJS build.) */
export const html = (htm as unknown as { bind(make: typeof h): Markup }).bind(h);
