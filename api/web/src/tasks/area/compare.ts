// A table of measures by area: a row a measure, a column an area.
export interface Measure {
  key: string;
  label: string;
  /** one an area, in their order; null is no value */
  values: (number | null)[];
  text: (v: number, column: number) => string;
  /** said where there is no value */
  none?: string;
  /** the row has bars, scaled with all rows that do */
  bars?: boolean;
  /** of a class on the map */
  colour?: string;
  strong?: boolean;
}
