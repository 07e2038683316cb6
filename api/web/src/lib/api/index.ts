// The HTTP API as the page uses it.
export { ApiError, asApiError, isAbort, readProblem, type FailureKind } from './errors';
export { address, attend, Connection, del, execute, get, patch, post, put, send, type Answer, type Fetch } from './client';
export { type JobState, type Waiting } from './execute';
export { api, createClient, local, readLegend, type Client, type TerritoryQuery } from './calls';
export type { components, paths } from './schema';
