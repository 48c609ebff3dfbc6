// A picture of everything around, looked at from its middle. One triangle covers the canvas; for each of its pixels the shader
// asks in which direction it lies, and which point of the equirectangular picture that is.

const VERTEX = `#version 300 es
in vec2 corner; out vec2 at;
void main() { at = corner; gl_Position = vec4(corner, 0.0, 1.0); }`

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at; out vec4 colour;
uniform sampler2D picture; uniform vec2 look; uniform vec2 half_view; uniform vec4 part;
const float PI = 3.14159265358979;
void main() {
  vec3 ray = normalize(vec3(at * half_view, -1.0));
  float s = sin(look.y), c = cos(look.y);
  ray = vec3(ray.x, c * ray.y - s * ray.z, s * ray.y + c * ray.z);
  float longitude = atan(ray.x, -ray.z) + look.x;
  float latitude = asin(clamp(ray.y, -1.0, 1.0));
  vec2 whole = vec2(fract(longitude / (2.0 * PI) + 0.5), 0.5 - latitude / PI);
  vec2 inside = (whole - part.xy) / part.zw;
  bool is_there = all(greaterThanEqual(inside, vec2(0.0))) && all(lessThanEqual(inside, vec2(1.0)));
  colour = is_there ? textureLod(picture, inside, 0.0) : vec4(0.06, 0.06, 0.07, 1.0);
}`

const WIDEST = 100 // degrees of the picture's height that are seen
const NARROWEST = 20
const UP = Math.PI / 2

/** Whether this browser can draw. */
export function isPossible() {
  return Boolean(document.createElement("canvas").getContext("webgl2"))
}

/** The sphere on a canvas of its own. Angles are in radians, the view in degrees of height. */
export class Sphere {
  canvas = document.createElement("canvas")
  #gl
  #places = {}
  #part
  #isAsked = false
  #resized = new ResizeObserver(() => this.#ask())
  view = 75

  /** part: which stretch of the whole sphere the picture holds, as shares: left, top, width, height; and heading in degrees. */
  constructor(picture, part) {
    this.#part = part
    this.left = ((part.heading ?? 0) * Math.PI) / 180
    this.up = 0
    this.canvas.className = "sphere"
    const gl = (this.#gl = this.canvas.getContext("webgl2", { antialias: false }))
    const program = gl.createProgram()
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind)
      gl.shaderSource(shader, text)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    gl.linkProgram(program)
    gl.useProgram(program)
    for (const name of ["look", "half_view", "part"]) this.#places[name] = gl.getUniformLocation(program, name)
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer())
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 3, -1, -1, 3]), gl.STATIC_DRAW)
    const corner = gl.getAttribLocation(program, "corner")
    gl.enableVertexAttribArray(corner)
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0)
    this.show(picture)
    this.#resized.observe(this.canvas)
  }

  /** Another picture of the same, such as a sharper one. */
  show(picture) {
    const gl = this.#gl
    const most = Math.min(gl.getParameter(gl.MAX_TEXTURE_SIZE), 8192)
    gl.bindTexture(gl.TEXTURE_2D, (this.texture ??= gl.createTexture()))
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, gl.RGB, gl.UNSIGNED_BYTE, fitting(picture, most))
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, this.#part.width > 0.999 ? gl.REPEAT : gl.CLAMP_TO_EDGE)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE)
    this.#ask()
  }

  /** Turn by so many pixels of the window. */
  turn(x, y) {
    const angle = (this.view * Math.PI) / 180 / Math.max(this.canvas.clientHeight, 1)
    this.left -= x * angle
    this.up = Math.min(Math.max(this.up + y * angle, -UP), UP)
    this.#ask()
  }

  by(times) {
    this.view = Math.min(Math.max(this.view / times, NARROWEST), WIDEST)
    this.#ask()
  }

  reset() {
    this.view = 75
    this.up = 0
    this.#ask()
  }

  end() {
    this.#resized.disconnect()
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext()
    this.canvas.remove()
  }

  #ask() {
    if (this.#isAsked) return
    this.#isAsked = true
    requestAnimationFrame(() => {
      this.#isAsked = false
      if (!this.#gl.isContextLost()) this.#draw()
    })
  }

  #draw() {
    const gl = this.#gl
    const { canvas } = this
    canvas.width = Math.max(canvas.clientWidth * devicePixelRatio, 1)
    canvas.height = Math.max(canvas.clientHeight * devicePixelRatio, 1)
    const high = Math.tan((this.view * Math.PI) / 360)
    gl.viewport(0, 0, canvas.width, canvas.height)
    gl.uniform2f(this.#places.look, this.left, this.up)
    gl.uniform2f(this.#places.half_view, (high * canvas.width) / canvas.height, high)
    gl.uniform4f(this.#places.part, this.#part.left, this.#part.top, this.#part.width, this.#part.height)
    gl.drawArrays(gl.TRIANGLES, 0, 3)
  }
}

/** The picture as it is, or smaller where the card cannot hold it. */
function fitting(picture, most) {
  const longest = Math.max(picture.naturalWidth, picture.naturalHeight)
  if (longest <= most) return picture
  const smaller = document.createElement("canvas")
  smaller.width = (picture.naturalWidth * most) / longest
  smaller.height = (picture.naturalHeight * most) / longest
  smaller.getContext("2d").drawImage(picture, 0, 0, smaller.width, smaller.height)
  return smaller
}
