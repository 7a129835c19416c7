import type { VNode } from 'preact';
import type { LayerState, PageState } from '../state.ts';
import { count, fit, textWidth } from './format.ts';
import { html } from './html.ts';
import { type Box, type LoopLayout, layoutLoop } from './loop-layout.ts';
import { useWidth } from './width.ts';
import { WORDS } from './words.ts';

/** The panel that tells more about a layer. */
const PANEL: Readonly<Record<string, string>> = {
  ingestion: 'traffic',
  training: 'releases',
  registry: 'releases',
  delivery: 'verdicts',
  serving: 'answers',
  monitoring: 'drift',
  governance: 'audit',
};

/** Cards below this width write their values smaller. */
const NARROW_CARD = 180;

const STATE_WORDS = { idle: 'idle', working: 'working', well: 'well', ill: 'needs a look' } as const;

/** The loop as a picture: layers in data's way, the end meeting the beginning, governance around them. */
export function LoopPicture({ state }: { readonly state: PageState }): VNode {
  const [ref, width] = useWidth<HTMLDivElement>();
  return html`<div class="loop" ref=${ref}>${width > 0 && html`<${Picture} state=${state} layout=${layoutLoop(width)} />`}</div>`;
}

function Picture({ state, layout }: { readonly state: PageState; readonly layout: LoopLayout }): VNode {
  const { width, height, frame, boxes, lines } = layout;
  const layers = new Map(state.layers.map((layer) => [layer.layer, layer]));
  const moving = (id: string) => isMoving(id, state, layers);
  return html`
    <svg class="loop-picture" width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="group" aria-label="The loop">
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M1 1L7 4L1 7Z" class="arrow" />
        </marker>
        <marker id="arrow-return" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M1 1L7 4L1 7Z" class="arrow-return" />
        </marker>
      </defs>
      <rect class="around" x=${frame.x} y=${frame.y} width=${frame.width} height=${frame.height} rx="12" />
      <${Governance} layer=${layers.get('governance')} layout=${layout} />
      <g aria-hidden="true">
        ${lines.map(
          ({ id, path, kind, label }) => html`
            <path class="line ${kind} ${moving(id) ? 'moving' : ''}" d=${path} marker-end=${kind === 'flow' ? 'url(#arrow)' : 'url(#arrow-return)'} />
            ${label !== undefined && html`<text class="line-label" x=${label.x} y=${label.y} text-anchor=${label.anchor}>${label.text(WORDS[state.kind])}</text>`}
          `,
        )}
      </g>
      ${Object.entries(boxes).map(([name, box]) =>
        name === 'visitors'
          ? html`<${Visitors} box=${box} state=${state} />`
          : html`<${Layer} box=${box} name=${name} layer=${layers.get(name)} />`,
      )}
    </svg>
  `;
}

function isMoving(id: string, state: PageState, layers: ReadonlyMap<string, LayerState>): boolean {
  if (id === 'monitoring-training') return state.openDrifts.length > 0 || state.retraining.running;
  if (id === 'features-training' || id === 'training-registry') return state.retraining.running;
  if (id === 'serving-visitors' || id === 'serving-monitoring') return state.answersPerSecond > 0;
  if (id === 'registry-delivery' || id === 'delivery-serving') return layers.get('delivery')?.state === 'working';
  return state.eventsPerSecond > 0;
}

function Layer({
  box,
  name,
  layer,
}: {
  readonly box: Box;
  readonly name: string;
  readonly layer: LayerState | undefined;
}): VNode {
  const shown = layer ?? { layer: name, value: '–', unit: '', note: 'no news yet', state: 'idle' as const };
  const inner = box.width - 28;
  const size = box.width < NARROW_CARD ? 17 : 20;
  const valueWidth = textWidth(shown.value, size);
  const label = `${name}: ${shown.value} ${shown.unit}, ${shown.note}, ${STATE_WORDS[shown.state]}`;
  const card = html`
    <g class="layer ${shown.state}" role="img" aria-label=${label} data-layer=${name} transform="translate(${box.x} ${box.y})">
      <title>${label}</title>
      <rect class="card" width=${box.width} height=${box.height} rx="8" />
      <text class="name" x="14" y="24">${name}</text>
      <${StateMark} state=${shown.state} x=${box.width - 17} y="20" />
      <text class="value ${box.width < NARROW_CARD ? 'small' : ''}" x="14" y=${box.height - 33}>
        ${fit(shown.value, inner, size)}<tspan class="unit" dx="6">${fit(shown.unit, Math.max(0, inner - valueWidth - 6), 12)}</tspan>
      </text>
      <text class="note" x="14" y=${box.height - 14}>${fit(shown.note, inner, 11.5)}</text>
    </g>
  `;
  const panel = PANEL[name];
  return panel === undefined
    ? card
    : html`<a href="#${panel}" class="layer-link" aria-label="${label}. Go to ${panel}">${card}</a>`;
}

/** States differ by shape as well as by colour. */
function StateMark({ state, x, y }: { readonly state: LayerState['state']; readonly x: number; readonly y: number }): VNode {
  if (state === 'ill') return html`<path class="mark" d="M${x} ${y - 5}l5 9h-10z" />`;
  return html`<circle class="mark" cx=${x} cy=${y} r="4" />`;
}

function Visitors({ box, state }: { readonly box: Box; readonly state: PageState }): VNode {
  const { subjects } = WORDS[state.kind];
  const label = `${subjects}: ${count(state.eventsPerSecond)} events a second, ${count(state.answersPerSecond)} answers a second`;
  return html`
    <g class="layer visitors" role="img" aria-label=${label} transform="translate(${box.x} ${box.y})">
      <title>${label}</title>
      <rect class="card" width=${box.width} height=${box.height} rx="8" />
      <text class="name" x="14" y="24">${subjects}</text>
      <text class="value ${box.width < NARROW_CARD ? 'small' : ''}" x="14" y=${box.height - 33}>${count(state.eventsPerSecond)}<tspan class="unit" dx="6">events/s</tspan></text>
      <text class="note" x="14" y=${box.height - 14}>${fit(`${count(state.answersPerSecond)} answers/s`, box.width - 28, 11.5)}</text>
    </g>
  `;
}

/** Governance is across all others: the frame, with its number set into the upper edge. */
function Governance({ layer, layout }: { readonly layer: LayerState | undefined; readonly layout: LoopLayout }): VNode {
  const about = layer === undefined ? '' : `${layer.value} ${layer.unit}`;
  const note = layer?.note ?? '';
  const text = layout.wide ? `${about}  ·  ${note}` : about;
  const label = `governance, across all layers: ${about}, ${note}`;
  return html`
    <a href="#audit" class="layer-link" aria-label="${label}. Go to audit">
      <g class="layer governance ${layer?.state ?? 'idle'}" role="img" aria-label=${label} data-layer="governance">
        <title>${label}</title>
        <rect class="tab" x="20" y="0.5" width=${110 + textWidth(text, 11.5)} height="24" rx="6" />
        <${StateMark} state=${layer?.state ?? 'idle'} x=${34} y=${12.5} />
        <text class="name" x="46" y="16.5">governance<tspan class="note" dx="10">${fit(text, layout.wide ? 600 : 140, 11.5)}</tspan></text>
      </g>
    </a>
  `;
}
