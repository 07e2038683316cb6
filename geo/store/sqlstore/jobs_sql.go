package sqlstore

const (
	sqlInsertJob = `INSERT INTO job_state (id, river_id, kind, args, state, created_at) VALUES (?1, ?2, ?3, ?4, 'accepted', ?5)`

	jobColumns = `id, kind, args, state, progress, message, result, error, error_kind, attempt, created_at, started_at, finished_at`

	sqlJob = `SELECT ` + jobColumns + ` FROM job_state WHERE id = ?1`

	sqlJobs = `SELECT ` + jobColumns + ` FROM job_state ORDER BY seq DESC LIMIT ?1`

	sqlJobRiverID = `SELECT river_id, state FROM job_state WHERE id = ?1`

	sqlDismissJob = `UPDATE job_state SET state = 'dismissed', finished_at = ?2 WHERE id = ?1 AND state IN ('accepted', 'running')`

	// A worker owns a job by the number of the river_job row it was given:
	// the rescue of a job gives it another row, and the first worker none.
	sqlBeginJob = `
UPDATE job_state SET state = 'running', attempt = attempt + 1, progress = 0, message = '', lease_until = ?2,
    started_at = coalesce(started_at, ?3)
WHERE river_id = ?1 AND state IN ('accepted', 'running')
RETURNING kind, args, attempt`

	sqlKeepJob = `
UPDATE job_state SET lease_until = ?2, progress = ?3, message = ?4
WHERE river_id = ?1 AND state = 'running'`

	sqlOwnsJob = `SELECT count(*) FROM job_state WHERE river_id = ?1 AND state = 'running'`

	sqlFinishJob = `
UPDATE job_state SET state = ?2, result = ?3, error = ?4, error_kind = ?5, finished_at = ?6,
    progress = CASE ?2 WHEN 'successful' THEN 100 ELSE ?7 END, message = ?8
WHERE river_id = ?1 AND state = 'running'`

	// The lease stays for a while: until River has taken note it still has
	// the row as running, which must not look like the end of a worker.
	sqlReturnJob = `
UPDATE job_state SET state = 'accepted', attempt = attempt - ?2, message = ?3, lease_until = ?4
WHERE river_id = ?1 AND state = 'running'`

	// Jobs whose worker is dead: the lease has ended and River still has the
	// row as running for longer than a lease (or has lost it, so that nobody
	// would ever run it).
	sqlOrphanedJobs = `
SELECT j.id, j.river_id, j.attempt
FROM job_state j LEFT JOIN river_job r ON r.id = j.river_id
WHERE j.state IN ('accepted', 'running') AND j.lease_until < CAST(?1 AS BIGINT)
    AND (r.id IS NULL OR r.state IN ('cancelled', 'completed', 'discarded')
        OR r.state = 'running' AND {ms r.attempted_at} < CAST(?1 AS BIGINT) - CAST(?2 AS BIGINT)){lock j}`

	sqlRequeueJob = `UPDATE job_state SET state = 'accepted', river_id = ?2, message = ?3, lease_until = 0 WHERE id = ?1`

	sqlFailJob = `
UPDATE job_state SET state = 'failed', error = ?2, error_kind = ?3, finished_at = ?4
WHERE id = ?1 AND state IN ('accepted', 'running')`

	// River's row of a worker that died, or of a job that finished just
	// before its worker died.
	sqlDropRiverJob = `
UPDATE river_job SET state = 'discarded', finalized_at = {now}
WHERE id = ?1 AND state = 'running'`

	sqlDropFinishedRiverJobs = `
UPDATE river_job SET state = 'discarded', finalized_at = {now}
WHERE state = 'running' AND {ms attempted_at} < CAST(?1 AS BIGINT) - CAST(?2 AS BIGINT)
    AND id IN (SELECT river_id FROM job_state WHERE finished_at IS NOT NULL AND lease_until < CAST(?1 AS BIGINT))`

	sqlPruneJobs = `DELETE FROM job_state WHERE finished_at < ?1`
)
