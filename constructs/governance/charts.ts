import { type App, Chart } from 'cdk8s';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Site } from '../site.ts';
import { auditCheck } from './audit.ts';
import { cloudStore } from './cloud-store.ts';
import { MADE } from './credentials.ts';
import { erase } from './erase.ts';
import { erasureManifest, platformErasure, useCaseErasure } from './erasure-manifest.ts';
import { gateRole, roles } from './roles.ts';
import { generatedSecret, KEY_LENGTH, namespaceStore, readableSecrets } from './secrets.ts';

const KEYRING = { name: 'keyring', layer: 'governance' } as const;
/** Who may do what, where the keys come from, where erasure must reach, and the nightly check of the audit log. */
export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'governance', { disableResourceNameHashes: true });
  if (site.dials.target === 'kubernetes') {
    namespaceStore(chart, site, 'governance');
    generatedSecret(chart, 'keyring', {
      site,
      named: KEYRING,
      name: MADE.masterKey,
      length: KEY_LENGTH,
      holds: { store: 'keys' },
    });
    readableSecrets(chart, site, KEYRING, [MADE.masterKey]);
  } else cloudStore(chart, site);
  roles(chart, site);
  erasureManifest(chart, site, platformErasure(site));
  auditCheck(chart, site);
  return chart;
}

/** What governance holds of one use case: where its data is, who shares its traffic, and what erases a person of it. */
export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-governance`, { disableResourceNameHashes: true });
  erasureManifest(chart, site, useCaseErasure(site, usecase), usecase);
  gateRole(chart, site, usecase);
  erase(chart, site, usecase);
  return chart;
}
