// The coverage question as the form has it; it outlives a change of tab.
import type { TravelProfile } from '../../lib/types';

class Question {
  service = $state('');
  profile = $state<TravelProfile>('walking');
  minutes = $state<number[]>([15, 30, 60]);
}

export const question = new Question();
