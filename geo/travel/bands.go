package travel

import "sync"

// bands cuts [0, n) into as many equal parts as there are workers and does
// them at once.
func bands(workers, n int, do func(part, from, to int)) {
	var others sync.WaitGroup
	for part := 1; part < workers; part++ {
		others.Go(func() { do(part, part*n/workers, (part+1)*n/workers) })
	}
	do(0, 0, n/workers)
	others.Wait()
}
