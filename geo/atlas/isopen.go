package atlas

// IsOpen reports whether Layer need not wait for the rows of a dataset to be
// opened.
func (s *Snapshot) IsOpen(dataset string) bool {
	st := s.layers[dataset]
	if st == nil || !st.mu.TryLock() {
		return false
	}
	defer st.mu.Unlock()
	return st.layer != nil
}
