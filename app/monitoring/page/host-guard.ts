import type { FastifyRequest } from 'fastify';
import { monitoringError } from '../errors.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const ANY_ADDRESS = ['0.0.0.0', '::'];

/**
 * Refuses requests for another name than the page's own: a foreign site that points its name at 127.0.0.1 (DNS
 * rebinding) would otherwise read the page through a visitor's browser. Any port is fine, so tunnels work.
 */
export function guardHost(host: string): (request: FastifyRequest) => Promise<void> {
  const allowed = new Set([...LOOPBACK, host.includes(':') ? `[${host}]` : host]);
  const open = ANY_ADDRESS.includes(host);
  return async (request) => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    if (open || allowed.has(name)) return;
    throw monitoringError('MR_MONITORING_HOST_REFUSED', `The page does not answer for the host '${name}'`, {
      field: 'host',
      value: name,
      expected: [...allowed].join(' or '),
    });
  };
}
