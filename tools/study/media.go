//go:build unix

package main

import (
	"encoding/binary"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Pictures are grey, one byte a pixel, in patches of 2048 bytes, one row after the other; speech
// has 16 000 samples a second of one byte. Both are as in arXiv 2309.10668.
const (
	patchHeight, patchWidth = 32, 64
	patchBytes              = patchHeight * patchWidth
	soundRate               = 16000
)

// loadMedia reads pictures and speech that scripts/get-media has fetched. Where there are none, or
// where it must be quick, there is a picture and a sound made here: these show that all works, and
// nothing else.
func (s *study) loadMedia(most int) ([]input, error) {
	read := func(class, pattern string, decode func(string) ([]byte, error)) (inputs []input, err error) {
		paths, err := filepath.Glob(filepath.Join(s.media, class, pattern))
		if err != nil {
			return nil, err
		}
		var sizes []int
		for _, path := range paths {
			data, err := decode(path)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			inputs = append(inputs, input{class + "/" + filepath.Base(path), class, data})
			sizes = append(sizes, len(data))
		}
		share := fairShare(sizes, most)
		for i, in := range inputs {
			inputs[i].data = spread(in.data, share/patchBytes)
		}
		return inputs, nil
	}
	var images, audio []input
	if !s.quick {
		var err error
		if images, err = read("images", "*.*", pictureFile); err != nil {
			return nil, err
		}
		if audio, err = read("audio", "*.wav", soundFile); err != nil {
			return nil, err
		}
	}
	if len(images) == 0 {
		images = []input{{"images/made here, not a photograph", "images", patches(madePicture(128, 128))}}
	}
	if len(audio) == 0 {
		audio = []input{{"audio/made here, not speech", "audio", madeSound(8 * patchBytes)}}
	}
	return append(images, audio...), nil
}

// spread gives at most n chunks of the size of a patch, from all over data.
func spread(data []byte, n int) (some []byte) {
	have := len(data) / patchBytes
	n = min(n, have)
	for i := range n {
		at := i * have / n * patchBytes
		some = append(some, data[at:at+patchBytes]...)
	}
	return some
}

func pictureFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	picture, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	return patches(picture), nil
}

// patches cuts a picture into grey patches; what is left at the right and below is dropped.
func patches(picture image.Image) (pixels []byte) {
	b := picture.Bounds()
	grey := image.NewGray(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			grey.Set(x, y, picture.At(x, y))
		}
	}
	for y := 0; y+patchHeight <= b.Dy(); y += patchHeight {
		for x := 0; x+patchWidth <= b.Dx(); x += patchWidth {
			for row := range patchHeight {
				at := (y+row)*grey.Stride + x
				pixels = append(pixels, grey.Pix[at:at+patchWidth]...)
			}
		}
	}
	return pixels
}

// soundFile reads a RIFF WAVE file of 16-bit samples. Of several samples that become one, and of
// several channels, the mean is taken.
func soundFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, fmt.Errorf("not a RIFF WAVE file")
	}
	channels, rate := 0, 0
	for data = data[12:]; len(data) >= 8; {
		name, n := string(data[:4]), int(binary.LittleEndian.Uint32(data[4:]))
		body := data[8:min(len(data), 8+n)]
		data = data[min(len(data), 8+n+n%2):]
		switch {
		case name == "fmt " && len(body) >= 16:
			if bits := binary.LittleEndian.Uint16(body[14:]); bits != 16 {
				return nil, fmt.Errorf("samples of %d bits, want 16", bits)
			}
			channels, rate = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint32(body[4:]))
		case name == "data":
			if channels < 1 || rate < soundRate || rate%soundRate != 0 {
				return nil, fmt.Errorf("%d channels of %d samples a second, want a multiple of %d", channels, rate, soundRate)
			}
			return resample(body, channels*rate/soundRate), nil
		}
	}
	return nil, fmt.Errorf("no samples")
}

// resample makes one byte of each n samples of 16 bits.
func resample(samples []byte, n int) (sound []byte) {
	for ; len(samples) >= 2*n; samples = samples[2*n:] {
		sum := 0
		for i := range n {
			sum += int(int16(binary.LittleEndian.Uint16(samples[2*i:])))
		}
		sound = append(sound, byte(sum/n>>8+128))
	}
	return sound
}

// madePicture has slopes, edges and noise.
func madePicture(width, height int) image.Image {
	random := rand.New(rand.NewPCG(1, 2))
	p := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			v := 128 + 50*math.Sin(float64(x)/17)*math.Cos(float64(y)/23) + 4*random.NormFloat64()
			if (x/40+y/30)%2 == 0 {
				v += 30
			}
			p.Pix[y*p.Stride+x] = byte(max(0, min(255, v)))
		}
	}
	return p
}

// madeSound is a chord that comes and goes, with noise.
func madeSound(n int) []byte {
	random := rand.New(rand.NewPCG(3, 4))
	sound := make([]byte, n)
	for i := range sound {
		t := float64(i) / soundRate
		v := 0.0
		for k, hertz := range []float64{140, 280, 421, 980} {
			v += math.Sin(2*math.Pi*hertz*t) / float64(k+1)
		}
		sound[i] = byte(128 + 40*v*math.Pow(math.Sin(7*t), 2) + random.NormFloat64())
	}
	return sound
}

// isMade says whether an input was made here.
func isMade(in input) bool { return strings.Contains(in.name, "made here") }
