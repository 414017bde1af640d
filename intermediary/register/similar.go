package register

// jaroWinkler tells how alike two texts are, from 0 to 1: the share of letters
// that both have at about the same place, more for the same beginning (Winkler
// 1990). Both are at most longest runes.
func jaroWinkler(a, b []rune) float64 {
	if len(a) == 0 || len(b) == 0 || len(a) > longest || len(b) > longest {
		return 0
	}
	var inA, inB [longest]bool
	reach := max(0, max(len(a), len(b))/2-1)
	same := 0
	for i, r := range a {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if !inB[j] && b[j] == r {
				inA[i], inB[j] = true, true
				same++
				break
			}
		}
	}
	if same == 0 {
		return 0
	}
	moved, j := 0, 0
	for i := range a {
		if !inA[i] {
			continue
		}
		for !inB[j] {
			j++
		}
		if a[i] != b[j] {
			moved++
		}
		j++
	}
	m := float64(same)
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(moved/2))/m) / 3
	begin := 0
	for begin < min(4, len(a), len(b)) && a[begin] == b[begin] {
		begin++
	}
	return jaro + float64(begin)*0.1*(1-jaro)
}

// edits counts the letters that were left out, put in, exchanged or swapped with
// their neighbour between two texts (optimal string alignment). Both are at most
// longest runes.
func edits(a, b []rune) int {
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var rows [3][longest + 1]int
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
