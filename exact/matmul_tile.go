//go:build (amd64 || arm64) && !purego

package exact

// matmul multiplies tile by tile: some panels with some vectors, whose sums stay in registers.
func (s isa) matmul(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int) {
	checkMatmul(y, yPitch, w, wPitch, panels, x, xPitch, n, k)
	// The panels that stay in the first-level cache while tile after tile of vectors uses them.
	const cache = 24 << 10
	count := panels
	if n > 1 {
		count = max(4, cache/(panelRows*k)&^3)
	}
	var start [32]int32
	for ; n > 0; n -= len(start) {
		vectors := min(n, len(start))
		s.starts(&start[0], &x[0], xPitch, vectors, k)
		for p := 0; p < panels; p += count {
			for j := 0; j < vectors; {
				j += s.tile(vectors-j, &y[j*yPitch+p*panelRows], yPitch, &w[p*wPitch], wPitch,
					min(count, panels-p), &x[j*xPitch], xPitch, k, &start[j])
			}
		}
		if vectors < n {
			y, x = y[vectors*yPitch:], x[vectors*xPitch:]
		}
	}
}
