# 数源 shuyuan. `make demo` shows it all; `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
# Byte-code is written once at install: without it every Airflow task would import three times as slowly.
unexport PYTHONDONTWRITEBYTECODE
export TZ = UTC
export UV_LINK_MODE = copy

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test lint bench lock clean

help:  ## 列出所有命令
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.txt requirements-bootstrap.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "需要 Python 3.11–3.13；可用 make PYTHON=python3.12 指定"; exit 2; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) 2>/dev/null \
	  || { test "$$(id -u)" = 0 && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); } \
	  || { echo "缺少 venv 模块：请先安装 python3-venv（Debian：apt-get install python3-venv）"; exit 2; }
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --require-hashes -r requirements-bootstrap.txt
	@echo "安装依赖（已锁定版本并校验哈希）……"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation-package shuyuan -e . 2>/dev/null \
	  || $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(READY_DEV): $(READY) requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-dev.txt
	@touch $@

setup: $(READY)  ## 只安装

demo: $(READY)  ## 演示：六台前置机、一个部门数据库、一套真实的 Airflow，直到比对完、出报告
	@$(BIN)/shuyuan demo

up: $(READY)  ## 启动同样的环境并保持运行，打印界面地址与登录名
	@$(BIN)/shuyuan up --demo

down: $(READY)  ## 停止 make up 启动的一切
	@$(BIN)/shuyuan down

test: $(READY_DEV)  ## 运行全部测试
	@$(BIN)/python -m pytest

lint: $(READY_DEV)  ## 代码风格、类型、目录项
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/shuyuan lint
	@$(BIN)/shuyuan schema --check

bench: $(READY_DEV)  ## 与同类工具同机同数据比较，写入 benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/run.py

lock: $(READY)  ## 重新锁定依赖
	@for name in requirements-bootstrap requirements requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" --upgrade $$name.in -o $$name.txt; done

clean:  ## 删除虚拟环境和运行文件
	@rm -rf $(VENV) var build
