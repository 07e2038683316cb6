package sqlite

const (
	sqlJournalLast = `SELECT coalesce(max(seq), 0) FROM journal WHERE dataset = ? AND version = ?`

	sqlJournalLastAt = `SELECT at FROM journal WHERE dataset = ? AND version = ? AND seq = ?`

	sqlJournalOfFeature = `
SELECT seq, op FROM journal WHERE dataset = ? AND version = ? AND feature = ? ORDER BY seq DESC LIMIT 1`

	sqlJournalInsert = `
INSERT INTO journal (dataset, version, seq, feature, op, at, who, origin,
    before_geometry, before_values, after_geometry, after_values)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	sqlJournalChanges = `
SELECT seq, feature, op, at, who, origin, before_geometry, before_values, after_geometry, after_values
FROM journal WHERE dataset = ? AND version = ? AND seq > ? ORDER BY seq LIMIT ?`

	// One step down the index for each dataset, however long its journal is.
	sqlJournalHeads = `
SELECT id, head FROM (
    SELECT d.id AS id, (SELECT max(j.seq) FROM journal j WHERE j.dataset = d.id AND j.version = d.current) AS head
    FROM dataset d)
WHERE head IS NOT NULL`
)
