# make demo    the main job on sample media, from nothing: environment, clip, song, finished video, sync figures
# make test    every test
# make sync VIDEO=clip.mp4 MUSIC=song.mp3 [OUT=out.mp4]    the same for your own files; draws out.png beside it
# make check   what CI runs besides the tests: lint, types, skill validation
# make clean   removes what the others made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
TOOLS := $(VENV)/ready-tools
OUT ?= synced.mp4

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help env demo test sync check lint types validate clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

env: $(READY)

# uv where there is one, else pip alone: both install exactly what the lock files pin.
$(READY): pyproject.toml uv.lock requirements.lock
	@echo "Setting things up in $(VENV)..."
	@if command -v uv >/dev/null 2>&1 && uv sync --quiet --frozen; then :; else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --no-deps -e . ; \
	fi
	@touch $(READY)

$(TOOLS): $(READY) requirements-dev.lock
	@if command -v uv >/dev/null 2>&1 && uv sync --quiet --frozen --all-extras --all-groups; then :; else \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock ; \
	fi
	@touch $(TOOLS)

demo: $(READY)
	@echo "Making a sample clip and a sample song in out/demo..."
	@$(BIN)/python -m music_cog_online.studio.sample out/demo
	@$(BIN)/music-cog sync out/demo/clip.mp4 out/demo/song.mp3 -o out/demo/synced.mp4
	@$(BIN)/music-cog report --plot out/demo/synced.png

test: $(TOOLS)
	@$(BIN)/python -m pytest -q -n auto

sync: $(READY)
	@test -n "$(VIDEO)" -a -n "$(MUSIC)" || { echo "Usage: make sync VIDEO=clip.mp4 MUSIC=song.mp3 [OUT=out.mp4]"; exit 2; }
	@$(BIN)/music-cog sync "$(VIDEO)" "$(MUSIC)" -o "$(OUT)"
	@out="$(OUT)"; $(BIN)/music-cog report --plot "$${out%.mp4}.png"

check: lint types validate

lint: $(TOOLS)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(TOOLS)
	@$(BIN)/mypy

# The validators want the folder to bear the skill's name, whatever the checkout is called.
validate: $(TOOLS)
	@folder=$$(mktemp -d) && mkdir "$$folder/music-cog-online" && \
	cp -R SKILL.md scripts references "$$folder/music-cog-online/" && \
	$(BIN)/agentskills validate "$$folder/music-cog-online"; code=$$?; rm -rf "$$folder"; exit $$code

clean:
	rm -rf $(VENV) out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
