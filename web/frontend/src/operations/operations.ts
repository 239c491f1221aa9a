import "./operations.css";

import { watchBoard } from "./board";

const board = document.getElementById("board");
if (board) watchBoard(board);
