package mix

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestWorth prints the rows of docs/CODEC.md that say what each context is worth at a level with
// all of them. MIX_WORTH names the files: two lists separated by a colon, the paths of each by
// commas.
func TestWorth(t *testing.T) {
	names := os.Getenv("MIX_WORTH")
	if names == "" {
		t.Skip("MIX_WORTH names no files")
	}
	lists := strings.Split(names, ":")
	startWith(t, prior(), func(pupil int) []int16 { // those learnt are for all contexts
		l := pupils[pupil].spec()
		return l.firstWeights()
	})
	sizes := func(without contextID) (sums []int) {
		lv := &levels[8]
		all := lv.contexts
		defer func() { lv.contexts = all }()
		lv.contexts = nil
		for c := range firstProse {
			if c != without {
				lv.contexts = append(lv.contexts, c)
			}
		}
		priors = priorCache{}
		var coder Coder
		for _, list := range lists {
			sum := 0
			for name := range strings.SplitSeq(list, ",") {
				src, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				payload, err := coder.Encode(t.Context(), Params{Level: 8}, nil, src[:min(len(src), 60000)])
				if err != nil {
					t.Fatal(err)
				}
				sum += len(payload)
			}
			sums = append(sums, sum)
		}
		return sums
	}
	fmt.Println("all", sizes(contextCount))
	for c := range firstProse {
		fmt.Println(c, sizes(c))
	}
}
