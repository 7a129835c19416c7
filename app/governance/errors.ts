import { errorTable } from '../errors.ts';

export const { error: governanceError } = errorTable({
  MR_GOVERNANCE_KEYS_EXPOSED: {
    status: 500,
    title: 'The key folder can be read by others',
    next: 'Take the rights away from group and others: chmod -R go-rwx <folder>. If anyone may have read the keys, treat them as lost.',
  },
  MR_GOVERNANCE_KEYS_UNREADABLE: {
    status: 500,
    title: 'The keyring does not open under this master key',
    next: 'Put back the key that belongs to this keyring: master.key from the same backup, or what MILLRACE_KEYS_MASTER_FILE or MILLRACE_KEYS_KMS_KEY named when it was made. Without it no personal data can be read again.',
  },
  MR_GOVERNANCE_KEYS_MASTER_UNFIT: {
    status: 500,
    title: 'The file of the master key cannot be used',
    next: 'Let MILLRACE_KEYS_MASTER_FILE name the mounted file of a Secret with at least 32 characters that nobody chose; the governance chart makes one.',
  },
  MR_GOVERNANCE_KEYS_DENIED: {
    status: 500,
    title: 'KMS refuses this process',
    next: "Check that the pod's service account has the role that the stack makes for it, and that the role may do this with the key: `millrace stack up` writes both.",
  },
  MR_GOVERNANCE_KEYS_UNREACHABLE: {
    status: 503,
    title: 'KMS does not answer',
    next: "Try again; if it lasts, check that the network has KMS's endpoint, that the workload's network policy leads there on port 443, and AWS's own health page.",
  },
  MR_GOVERNANCE_KEYS_DISABLED: {
    status: 500,
    title: 'The KMS key is disabled, about to be deleted, or not there',
    next: '`aws kms describe-key --key-id KEY` tells which. `aws kms cancel-key-deletion` calls it back, `aws kms enable-key` makes it usable; a key that was deleted is gone with all that it opens.',
  },
  MR_GOVERNANCE_KEYS_UNFIT: {
    status: 500,
    title: 'The KMS key is not of the kind that this needs',
    next: 'Let MILLRACE_KEYS_KMS_KEY name a symmetric key and MILLRACE_KEYS_SIGNING_KMS_KEY one of ECC_NIST_EDWARDS25519 for SIGN_VERIFY, as `millrace stack up` makes them.',
  },
  MR_GOVERNANCE_KEYS_MESSAGE_SIZE: {
    status: 500,
    title: 'KMS does not sign a text of this length',
    next: 'Sign a digest of it instead, and let those who check the signature do the same.',
  },
  MR_GOVERNANCE_KEYS_NEWER: {
    status: 500,
    title: 'The keyring was written by a newer Millrace',
    next: 'Run the Millrace that wrote this data folder, or a newer one.',
  },
  MR_GOVERNANCE_KEYS_ABSENT: {
    status: 503,
    title: 'There is no keyring yet',
    next: 'Start a workload whose database user owns the schema keyring (millrace_keys on a cluster): it makes the tables.',
  },
  MR_GOVERNANCE_KEYS_NOT_HOLDER: {
    status: 403,
    title: 'Only the gate signs verdicts here',
    next: 'Let the gate judge: `millrace delivery gate` in its own workload. Where its key is gone for good, remove what gate.keys holds of it.',
  },
  MR_GOVERNANCE_KEYS_BUSY: {
    status: 503,
    title: 'Another process holds the keyring',
    next: 'Run the command again; if it stays so, stop the other process of this data folder.',
  },
  MR_GOVERNANCE_CIPHERTEXT_BROKEN: {
    status: 500,
    title: 'Sealed bytes do not open',
    next: 'The bytes were changed, cut, or moved to another subject or field. Restore them from the event log.',
  },
  MR_GOVERNANCE_SUBJECT_ERASED: {
    status: 410,
    title: 'The subject was erased',
    next: 'Nothing: the data key is gone for ever. `millrace governance audit tail` shows when.',
  },
  MR_GOVERNANCE_SUBJECT_UNKNOWN: {
    status: 404,
    title: 'No such subject',
    next: 'Check the id, character by character. A subject that was erased before is unknown as well.',
  },
  MR_GOVERNANCE_SUBJECT_UNSAID: {
    status: 400,
    title: 'Nobody is named',
    next: 'Give the id as the argument, or in a file of one line by --subject-file.',
  },
  MR_GOVERNANCE_SUBJECT_MISSING: {
    status: 422,
    title: 'Personal data without a person',
    next: 'Give the event a subject field, or leave the fields of class pii empty where nobody is named.',
  },
  MR_GOVERNANCE_SECRET_NAME: {
    status: 500,
    title: 'Not a name of a secret',
    next: 'Use lower-case letters, digits, dots and dashes, at most 64 of them.',
  },
  MR_GOVERNANCE_ACTION_UNKNOWN: {
    status: 500,
    title: 'The act is not in the catalogue of audited actions',
    next: 'Add it to app/governance/catalogue.ts, with its meaning and who may do it.',
  },
  MR_GOVERNANCE_AUDIT_BROKEN: {
    status: 500,
    title: 'The audit log does not hold together',
    next: 'Run `millrace governance audit verify`, keep both folders as evidence, and restore the log from a backup the witness agrees with.',
  },
  MR_GOVERNANCE_AUDIT_BUSY: {
    status: 503,
    title: 'Another process holds the audit log',
    next: 'Run the command again; if it stays so, find the process that holds the lock file of the audit folder.',
  },
  MR_GOVERNANCE_AUDIT_FULL: {
    status: 507,
    title: 'The audit log could not be written',
    next: 'Free space on the disk of the data folder, then repeat the act: nothing was recorded.',
  },
  MR_GOVERNANCE_RELEASE_ALTERED: {
    status: 500,
    title: 'The release manifest is not the one that was registered',
    next: 'Do not serve it. Compare the metadata store with a backup and with the audit log.',
  },
});
