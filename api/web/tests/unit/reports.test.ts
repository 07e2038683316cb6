import { describe, expect, test } from 'vitest';
import { minutes } from '../../src/tasks/reports/texts';

describe('the minutes of a report', () => {
  test('are read as people write them', () => {
    expect(minutes('15, 30, 60')).toEqual([15, 30, 60]);
    expect(minutes(' 60;15 30 15 ')).toEqual([15, 30, 60]);
    expect(minutes('240')).toEqual([240]);
  });
  test.each(['', '0', '241', '15m', '1.5', '-5', '15,x', '1 2 3 4 5 6 7'])('%j is refused', (text) => {
    expect(minutes(text)).toEqual([]);
  });
});
