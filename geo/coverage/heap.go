package coverage

// heap is a binary heap of steps, the least first.
type heap []step

func (h heap) init() {
	for k := len(h)/2 - 1; k >= 0; k-- {
		h.down(k)
	}
}

func (h *heap) push(s step) {
	*h = append(*h, s)
	k := len(*h) - 1
	for k > 0 {
		up := (k - 1) / 2
		if !(*h)[k].before((*h)[up]) {
			break
		}
		(*h)[k], (*h)[up] = (*h)[up], (*h)[k]
		k = up
	}
}

func (h *heap) pop() {
	last := len(*h) - 1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	h.down(0)
}

func (h heap) down(k int) {
	for {
		child := 2*k + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(h[k]) {
			return
		}
		h[k], h[child] = h[child], h[k]
		k = child
	}
}
