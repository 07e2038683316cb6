// All catalogues of texts: what tasks share, and each task's own.
import { words as enShared } from './en';
import { words as itShared } from './it';
import { words as enStages } from './stages.en';
import { words as itStages } from './stages.it';
import { words as enAbout } from '../../tasks/about/words.en';
import { words as itAbout } from '../../tasks/about/words.it';
import { words as enArea } from '../../tasks/area/words.en';
import { words as itArea } from '../../tasks/area/words.it';
import { words as enCoverage } from '../../tasks/coverage/words.en';
import { words as itCoverage } from '../../tasks/coverage/words.it';
import { words as enData } from '../../tasks/data/words.en';
import { words as itData } from '../../tasks/data/words.it';
import { words as enMap } from '../../tasks/map/words.en';
import { words as itMap } from '../../tasks/map/words.it';
import { words as enPlaces } from '../../tasks/places/words.en';
import { words as itPlaces } from '../../tasks/places/words.it';
import { words as enReports } from '../../tasks/reports/words.en';
import { words as itReports } from '../../tasks/reports/words.it';
import { words as enTour } from '../../tasks/tour/words.en';
import { words as itTour } from '../../tasks/tour/words.it';

export const itWords = { ...itShared, ...itStages, ...itPlaces, ...itMap, ...itArea, ...itCoverage, ...itReports, ...itData, ...itTour, ...itAbout };
export const enWords: Record<keyof typeof itWords, string> = {
  ...enShared,
  ...enStages,
  ...enPlaces,
  ...enMap,
  ...enArea,
  ...enCoverage,
  ...enReports,
  ...enData,
  ...enTour,
  ...enAbout,
};

/** For the test that holds them apart and whole. */
export const parts: Record<string, { it: Record<string, string>; en: Record<string, string> }> = {
  shared: { it: itShared, en: enShared },
  stages: { it: itStages, en: enStages },
  places: { it: itPlaces, en: enPlaces },
  map: { it: itMap, en: enMap },
  area: { it: itArea, en: enArea },
  coverage: { it: itCoverage, en: enCoverage },
  reports: { it: itReports, en: enReports },
  data: { it: itData, en: enData },
  tour: { it: itTour, en: enTour },
  about: { it: itAbout, en: enAbout },
};
