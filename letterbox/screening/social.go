package screening

import "strings"

// platform tells of a place on the net where people are found. firm: its name
// means nothing else.
func platform(k string) (yes, firm bool) {
	switch k {
	case "facebook", "facey", "fbook", "insta", "instagram", "instagramm", "tiktok", "snapchat", "whatsapp", "watsapp", "whatsap", "roblox", "youtube", "linkedin", "pinterest", "tumblr", "strava", "vinted", "justgiving", "gofundme", "telegram", "bluesky", "bereal", "onlyfans", "myspace", "friendsreunited", "gweplyfr":
		return true, true
	case "fb", "ig", "snap", "snaps", "twitter", "discord", "messenger", "twitch", "xbox", "psn", "playstation", "steam", "fortnite", "minecraft", "signal", "threads", "kik", "tik", "tinder", "skype", "zoom", "ebay", "gamertag", "bebo", "x", "yt", "sc", "wattpad":
		return true, false
	}
	return false, false
}

// platformAt reads a platform, also misspelt or in two words, and its last token.
func (x *letter) platformAt(i int) (last int, firm, ok bool) {
	k := x.key(i)
	if yes, firm := platform(k); yes {
		if k == "tik" {
			if x.key(i+1) == "tok" || x.key(i+1) == "tock" {
				return i + 1, true, true
			}
			return i, false, false
		}
		return i, firm, true
	}
	switch k {
	case "face", "insta", "snap", "whats", "wats", "you", "inster", "what":
	default:
		return x.misspeltPlatform(i)
	}
	switch k + x.key(i+1) {
	case "facebook", "instagram", "snapchat", "whatsapp", "watsapp", "youtube", "instergram", "facebuk":
		return i + 1, true, true
	}
	return i, false, false
}

func (x *letter) misspeltPlatform(i int) (last int, firm, ok bool) {
	k := x.key(i)
	if len(k) >= 6 && len(k) <= 10 && strings.IndexByte("fiswt", k[0]) >= 0 && !x.screen.lore.isWord(k) {
		for _, name := range [...]string{"facebook", "instagram", "snapchat", "whatsapp", "tiktok"} {
			limit := 1
			if len(name) >= 8 {
				limit = 2
			}
			x.steps++
			if edits(k, name, limit) <= limit {
				return i, true, true
			}
		}
	}
	return i, false, false
}

func social(sev Severity, rule string) Finding {
	return Finding{Category: CatSocial, Code: "M02", Severity: sev, Rule: rule, Because: "social media"}
}

// findSocial finds handles, and platforms that the reader is to look at.
func (x *letter) findSocial() {
	x.findHandles()
	for i := 0; i < len(x.tokens); i++ {
		x.steps++
		if x.accountWord(i) {
			x.handleAfter(i, Medium)
			continue
		}
		if x.providerAt(i) {
			continue
		}
		last, firm, ok := x.platformAt(i)
		if !ok {
			continue
		}
		x.judgePlatform(i, last, firm)
		i = last
	}
}

// findHandles finds @name, @ na me 82 and name#1234.
func (x *letter) findHandles() {
	for i := range x.tokens {
		t := &x.tokens[i]
		at := t.start - 1
		for n := 0; n < 2 && x.byteAt(at) == ' ' && at > 0; n++ {
			at--
		}
		if at >= 0 && x.byteAt(at) == '@' && (at == 0 || !isAlnum(x.byteAt(at-1)) && (x.byteAt(at-1) != ' ' || at < 2 || !isAlnum(x.byteAt(at-2)) || t.start == at+1)) {
			last := x.handleEnd(i)
			if t.digits && last == i || len(t.key) < 2 && last == i {
				continue
			}
			x.add(at, x.tokens[last].end, social(High, "handle"))
		}
		if t.digits && len(t.key) == 4 && x.gap(i) == "#" && i > 0 && !x.tokens[i-1].digits {
			first, _ := x.wholeWord(i - 1)
			x.addTokens(first, i, social(High, "handle"))
		}
	}
}

// handleEnd reads a handle: what is joined by _ . - or nothing; where it was
// written with spaces, those too.
func (x *letter) handleEnd(i int) int {
	spaced := false
	for n := 0; n < 12 && i+1 < len(x.tokens); n++ {
		gap := x.gap(i + 1)
		switch {
		case gap == "", gap == "_", gap == "#" && x.tokens[i+1].digits, gap == "." && !x.tokens[i+1].first, gap == "-":
		case strings.Trim(gap, " ") == "_":
			spaced = true
		case gap == " " && (spaced && (x.tokens[i+1].digits || x.gap(i+2) == " _ ") || signWord(x.key(i+1)) == '_'):
		case gap == " " && signWord(x.key(i)) == '_':
		default:
			return i
		}
		i++
	}
	return i
}

// isHandle tells of a word that only an account is called: digits, underscores,
// a dot or capitals within.
func (x *letter) isHandle(i int) (last int, ok bool) {
	if i >= len(x.tokens) {
		return i, false
	}
	last = x.handleEnd(i)
	if last == i {
		return i, x.tokens[i].camel && !x.screen.lore.isWord(x.tokens[i].key)
	}
	for j := i + 1; j <= last; j++ {
		gap := x.gap(j)
		if gap == "_" || gap == "#" || gap == "." && !isTop(x.key(j)) || gap == "" && !x.tokens[i].digits && !isOrdinalEnd(x.key(j)) || strings.Contains(gap, "_") {
			return last, true
		}
	}
	return last, false
}

// accountWord: my gamertag, username, user name.
func (x *letter) accountWord(i int) bool {
	switch x.key(i) {
	case "gamertag", "username", "gamer", "handle", "usename":
		return x.key(i) != "gamer" && x.key(i) != "handle" || x.key(i+1) == "tag" || x.before(i, 2, func(k string) bool { return k == "my" || k == "her" || k == "his" || k == "our" }) && x.key(i) == "handle"
	case "user", "screen", "account", "profile", "insta", "page":
		return x.key(i+1) == "name"
	}
	return false
}

// handleAfter marks a cue and the name that follows it.
func (x *letter) handleAfter(i int, sev Severity) {
	x.addTokens(i, i, social(Medium, "account"))
	x.nameAfter(i, sev)
}

// nameAfter finds the name of an account within the next words.
func (x *letter) nameAfter(i int, sev Severity) bool {
	for j := i + 1; j < min(i+8, len(x.tokens)) && x.tokens[j].sentence == x.tokens[i].sentence; j++ {
		if last, ok := x.isHandle(j); ok {
			x.addTokens(j, last, social(High, "handle"))
			return true
		}
		switch x.key(j) {
		case "as", "under", "is", "called", "name":
			if n := x.capitals(j + 1); n > 0 {
				x.addTokens(j+1, j+n, social(High, "handle"))
				return true
			}
			if k := x.key(j + 1); j+1 < len(x.tokens) && len(k) > 3 && !x.screen.lore.isWord(k) {
				x.addTokens(j+1, x.handleEnd(j+1), social(sev, "handle"))
				return true
			}
		}
	}
	return false
}

// capitals counts the words from i that begin with one, three at most.
func (x *letter) capitals(i int) int {
	n := 0
	for n < 3 && !x.shouting && i+n < len(x.tokens) && x.tokens[i+n].capital && (n == 0 || x.gap(i+n) == " ") {
		n++
	}
	return n
}

// judgePlatform: a platform alone is soft; with a word that invites, more.
func (x *letter) judgePlatform(i, last int, firm bool) {
	if x.before(i, 4, isDenial) && !x.word(i, last, 5, asks) && !x.nameBeside(i, last) {
		return
	}
	prev, next := x.key(i-1), x.key(last+1)
	tied := prev == "my" || prev == "on" || prev == "her" || prev == "his" || prev == "our" || prev == "ar" || next == "is" || next == "me" || next == "name" || strings.HasPrefix(x.gap(last+1), ":") || strings.HasPrefix(x.gap(last+1), " - ")
	if k := x.key(i); !firm && (!tied || (k == "x" || k == "zoom" || k == "steam" || k == "signal" || k == "threads" || k == "xbox" || k == "playstation" || k == "minecraft" || k == "fortnite" || k == "snaps" || k == "sc") && !x.word(i, last, 5, invites)) {
		if !x.word(i, last, 4, invites) && !x.nameBeside(i, last) || k == "x" || k == "snaps" {
			return
		}
	}
	sev := Soft
	if x.word(i, last, 6, invites) || next == "me" || x.nameBeside(i, last) {
		sev = Medium
	}
	if prev == "on" && i >= 2 {
		first := x.localPart(i - 2)
		if end, ok := x.isHandle(first); ok && end == i-2 {
			x.addTokens(first, end, social(High, "handle"))
			sev = Medium
		}
	}
	x.addTokens(i, last, social(sev, "platform"))
	if tied || firm {
		x.nameAfter(last, Medium)
	}
}

// nameBeside tells of a handle right after a platform.
func (x *letter) nameBeside(i, last int) bool {
	_, ok := x.isHandle(last + 1)
	return ok && last+1 < len(x.tokens) && x.tokens[last+1].sentence == x.tokens[i].sentence
}

func isDenial(k string) bool {
	switch k {
	case "not", "dont", "never", "no", "off", "without", "arent", "isnt", "havent", "avoid", "wont", "ddim", "peidio":
		return true
	}
	return false
}

// asks are those of the words that invite which no denial takes back.
func asks(k string) bool {
	switch k {
	case "add", "find", "search", "look", "follow", "under", "same", "adio", "dilyn", "chwilia":
		return true
	}
	return false
}

func invites(k string) bool {
	switch k {
	case "add", "find", "found", "search", "look", "follow", "friend", "message", "msg", "dm", "inbox", "pm", "under", "same", "im", "name", "tagged", "tag", "request", "chat", "contact", "call", "video", "check", "adio", "dilyn", "chwilia", "ffeindia", "ask", "username", "account", "profile", "page":
		return true
	}
	return false
}

// provider tells of a service of mail.
func provider(k string) (yes, firm bool) {
	switch k {
	case "gmail", "googlemail", "hotmail", "icloud", "btinternet", "protonmail", "ymail", "talktalk", "virginmedia", "outlook", "yahoo", "hotmale", "gmial":
		return true, k != "outlook" && k != "yahoo"
	case "aol", "proton":
		return true, false
	}
	return false, false
}

// providerAt finds name on gmail, my hotmail is name.
func (x *letter) providerAt(i int) bool {
	yes, firm := provider(x.key(i))
	if !yes {
		return false
	}
	prev := x.key(i - 1)
	tied := prev == "on" || prev == "at" || prev == "my" || prev == "her" || prev == "usual" || x.key(i+1) == "is"
	if !firm && !tied {
		return false
	}
	mail := Finding{Category: CatEmail, Code: "M02", Severity: Medium, Rule: "provider", Because: "e-mail address"}
	if (prev == "on" || prev == "at") && i >= 2 {
		x.addTokens(x.localPart(i-2), i, mail)
		return true
	}
	if i > 0 && (x.tokens[i-1].glued || x.key(i+1) == "com" || x.key(i+1) == "co") && x.gapBytes(i) <= 2 {
		x.addTokens(x.localPart(i-1), i, mail)
		return true
	}
	x.addTokens(i, i, mail)
	for j := i + 1; j < min(i+6, len(x.tokens)); j++ {
		if last, ok := x.isHandle(j); ok {
			x.addTokens(j, last, mail)
			break
		}
		if x.key(j) == "is" && j+1 < len(x.tokens) && !x.screen.lore.isWord(x.key(j+1)) {
			x.addTokens(j+1, x.handleEnd(j+1), mail)
			break
		}
	}
	return true
}
