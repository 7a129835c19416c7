import { getStack, runtime } from '@pulumi/pulumi';
import { dialsOf, loadUseCases } from '../../constructs/environments.ts';
import { deployFoundation } from '../program.ts';

export const { foundation } = deployFoundation(dialsOf(getStack(), runtime.allConfig()), await loadUseCases());
