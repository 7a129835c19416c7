import { getStack, runtime } from '@pulumi/pulumi';
import { dialsOf, loadUseCases } from '../constructs/environments.ts';
import { deploy } from './program.ts';

/** One program; the stack is the environment. */
const outputs = deploy(dialsOf(getStack(), runtime.allConfig()), await loadUseCases());

export const { capacity, monthlyCost, endpoints } = outputs;
