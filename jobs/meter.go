package main

import "sync"

// usage divides the CPU time of the process among what is done at once.
var usage struct {
	sync.Mutex
	last    float64 // of the process, in seconds
	each    float64 // seconds that each has had that was there all the time
	running int
}

// meter is the CPU time of one thing.
type meter struct{ began float64 }

func advance() {
	now := cpuSeconds()
	if usage.running > 0 {
		usage.each += (now - usage.last) / float64(usage.running)
	}
	usage.last = now
}

func startMeter() meter {
	usage.Lock()
	defer usage.Unlock()
	advance()
	usage.running++
	return meter{usage.each}
}

func (m meter) stop() float64 {
	usage.Lock()
	defer usage.Unlock()
	advance()
	usage.running--
	return usage.each - m.began
}
