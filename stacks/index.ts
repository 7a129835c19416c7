import { getStack, runtime } from '@pulumi/pulumi';
import { dialsOf, loadUseCases } from '../constructs/environments.ts';
import { readFoundation } from '../constructs/foundation-reference.ts';
import { deploy } from './program.ts';

/** One program; the stack is the environment. */
const dials = dialsOf(getStack(), runtime.allConfig());
const outputs = deploy(dials, await loadUseCases(), await readFoundation(dials));

export const { capacity, monthlyCost, endpoints } = outputs;
